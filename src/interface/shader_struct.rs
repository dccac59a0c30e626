//! Macro for structs that the host writes and every kernel reads.
//!
//! Padding is a separate field: Mesa's software device uses a wrong array stride after a field with an explicit size.

/// Declares a struct for Rust and, in its constant `WGSL`, for the shaders, with the same comments. A field of more
/// than one word also states its WGSL type.
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
