//! Structs that the host writes and every kernel reads, typed once.
//!
//! Padding is a separate field: Mesa's software device used a wrong array stride in structs after a field with an explicit
//! size.

/// Declares a struct for Rust and, as its constant `WGSL`, for the shaders, with the same comment for each field. A field
/// that is not one word gives its WGSL type too.
macro_rules! shader_struct {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $($(#[doc = $field_doc:literal])+ pub $field:ident: $type:ty $(= $wgsl:literal)?,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)+
        }

        impl $name {
            /// Declaration of the struct in WGSL.
            pub const WGSL: &'static str = concat!(
                $("//", $doc, "\n",)+
                "struct ", stringify!($name), " {\n",
                $(
                    $("    //", $field_doc, "\n",)+
                    "    ", stringify!($field), ": ", shader_struct!(@wgsl $type $(, $wgsl)?), ",\n",
                )+
                "}\n",
            );
        }
    };
    (@wgsl $type:ty) => { stringify!($type) };
    (@wgsl $type:ty, $wgsl:literal) => { $wgsl };
}
