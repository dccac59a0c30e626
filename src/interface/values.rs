//! Typed values of arrays, as callers read and write them.

use std::ops::Range;

use bytemuck::cast_slice;

use super::{ArrayId, BackendError, ElementType};

/// Values of an array, of the array's [`ArrayId::element_type`]. Values are equal if their types and bits are.
#[derive(Clone, Debug)]
pub enum Values {
    /// Unsigned integers.
    U32(Vec<u32>),
    /// Floats in single precision.
    F32(Vec<f32>),
}

/// Borrowed [`Values`].
#[derive(Clone, Copy, Debug)]
pub enum ValuesRef<'a> {
    /// Unsigned integers.
    U32(&'a [u32]),
    /// Floats in single precision.
    F32(&'a [f32]),
}

impl Values {
    /// Returns no values, with memory for `capacity` of them.
    pub fn with_capacity(element_type: ElementType, capacity: usize) -> Self {
        match element_type {
            ElementType::U32 => Values::U32(Vec::with_capacity(capacity)),
            ElementType::F32 => Values::F32(Vec::with_capacity(capacity)),
        }
    }

    /// Returns `length` zeros.
    pub fn zeros(element_type: ElementType, length: usize) -> Self {
        match element_type {
            ElementType::U32 => Values::U32(vec![0; length]),
            ElementType::F32 => Values::F32(vec![0.0; length]),
        }
    }

    /// Returns the integers. `array`: for the error.
    ///
    /// # Errors
    /// Returns [`BackendError::WrongType`] if the values are floats.
    pub fn into_u32(self, array: ArrayId) -> Result<Vec<u32>, BackendError> {
        match self {
            Values::U32(values) => Ok(values),
            Values::F32(_) => Err(wrong_type(array, ElementType::U32)),
        }
    }

    /// Returns the floats. `array`: for the error.
    ///
    /// # Errors
    /// Returns [`BackendError::WrongType`] if the values are integers.
    pub fn into_f32(self, array: ArrayId) -> Result<Vec<f32>, BackendError> {
        match self {
            Values::F32(values) => Ok(values),
            Values::U32(_) => Err(wrong_type(array, ElementType::F32)),
        }
    }

    /// Replaces the values from index `start` on by `values`, which must fit. `array`: for the error.
    ///
    /// # Errors
    /// Returns [`BackendError::WrongType`] if `values` are of another type.
    pub fn overwrite(
        &mut self,
        array: ArrayId,
        start: usize,
        values: ValuesRef,
    ) -> Result<(), BackendError> {
        let range = start..start + values.len();
        match (self, values) {
            (Values::U32(own), ValuesRef::U32(values)) => own[range].copy_from_slice(values),
            (Values::F32(own), ValuesRef::F32(values)) => own[range].copy_from_slice(values),
            (own, _) => return Err(wrong_type(array, ValuesRef::from(&*own).element_type())),
        }
        Ok(())
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        ValuesRef::from(self).len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bits of the values.
    pub fn bits(&self) -> &[u32] {
        ValuesRef::from(self).bits()
    }
}

impl<'a> ValuesRef<'a> {
    /// Returns the type of the values.
    pub fn element_type(self) -> ElementType {
        match self {
            ValuesRef::U32(_) => ElementType::U32,
            ValuesRef::F32(_) => ElementType::F32,
        }
    }

    /// Returns the number of values.
    pub fn len(self) -> usize {
        self.bits().len()
    }

    /// Whether there are no values.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the bits of the values.
    pub fn bits(self) -> &'a [u32] {
        match self {
            ValuesRef::U32(values) => values,
            ValuesRef::F32(values) => cast_slice(values),
        }
    }

    /// Returns the values at some indices.
    pub fn range(self, range: Range<usize>) -> ValuesRef<'a> {
        match self {
            ValuesRef::U32(values) => ValuesRef::U32(&values[range]),
            ValuesRef::F32(values) => ValuesRef::F32(&values[range]),
        }
    }

    /// Returns an iterator over consecutive parts of `length` values; the last may be shorter.
    pub fn chunks(self, length: usize) -> impl Iterator<Item = ValuesRef<'a>> {
        let starts = (0..self.len()).step_by(length.max(1));
        starts.map(move |start| self.range(start..self.len().min(start + length)))
    }

    /// Returns a copy.
    pub fn to_values(self) -> Values {
        match self {
            ValuesRef::U32(values) => Values::U32(values.to_vec()),
            ValuesRef::F32(values) => Values::F32(values.to_vec()),
        }
    }
}

impl<'a> From<&'a Values> for ValuesRef<'a> {
    fn from(values: &'a Values) -> Self {
        match values {
            Values::U32(values) => ValuesRef::U32(values),
            Values::F32(values) => ValuesRef::F32(values),
        }
    }
}

impl Eq for Values {}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        ValuesRef::from(self) == ValuesRef::from(other)
    }
}

impl Eq for ValuesRef<'_> {}

impl PartialEq for ValuesRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.element_type() == other.element_type() && self.bits() == other.bits()
    }
}

/// Returns the error for values that are not of type `expected`.
fn wrong_type(array: ArrayId, expected: ElementType) -> BackendError {
    BackendError::WrongType { array, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_equal_bits_are_equal() {
        let nan = |bits| Values::F32(vec![f32::from_bits(bits)]);
        assert_eq!(nan(0x7fc0_0001), nan(0x7fc0_0001));
        assert_ne!(nan(0x7fc0_0001), nan(0x7fc0_0002));
        assert_ne!(Values::F32(vec![0.0]), Values::F32(vec![-0.0]));
        assert_ne!(Values::F32(vec![0.0]), Values::U32(vec![0]));
    }

    #[test]
    fn values_of_another_type_are_an_error() {
        let array = ArrayId::Weights(1);
        let [integers, floats] = [Values::U32(vec![1, 2]), Values::F32(vec![1.0, 2.0])];
        assert_eq!(integers.clone().into_u32(array).unwrap(), [1, 2]);
        assert_eq!(floats.clone().into_f32(array).unwrap(), [1.0, 2.0]);
        let mut own = integers.clone();
        own.overwrite(array, 1, ValuesRef::U32(&[7])).unwrap();
        assert_eq!(own, Values::U32(vec![1, 7]));
        let error = own.overwrite(array, 1, (&floats).into()).unwrap_err().to_string();
        assert_eq!(error, "expected values of type u32 for layer 1's weights");
        let error = integers.into_f32(array).unwrap_err().to_string();
        assert_eq!(error, "expected values of type f32 for layer 1's weights");
        assert!(floats.into_u32(array).is_err());
    }
}
