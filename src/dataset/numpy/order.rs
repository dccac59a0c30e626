//! Orders of elements: from columns first to rows first, and from channels first to channels last.

/// Returns the elements of an array of this shape, which are stored column by column (Fortran order), row by row.
/// `size`: length of an element, bytes.
pub(in crate::dataset) fn rows_first(bytes: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    // Distance of two elements along each axis, elements.
    let mut strides = vec![1; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let mut ordered = Vec::with_capacity(bytes.len());
    let mut index = vec![0; shape.len()];
    let mut from = 0;
    while ordered.len() < bytes.len() {
        ordered.extend_from_slice(&bytes[from * size..][..size]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            from += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            from -= index[axis] * strides[axis];
            index[axis] = 0;
        }
    }
    ordered
}

/// Returns images `[count, channels, pixels]` as `[count, pixels, channels]`.
pub(super) fn channels_last(bytes: &[u8], channels: usize, pixels: usize) -> Vec<u8> {
    let image = channels * pixels;
    let at = |index: usize| {
        let (start, within) = (index / image * image, index % image);
        bytes[start + within % channels * pixels + within / channels]
    };
    (0..bytes.len()).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_first_reads_columns_of_each_axis() {
        // [[1, 2, 3], [4, 5, 6]] column by column.
        assert_eq!(rows_first(&[1, 4, 2, 5, 3, 6], &[2, 3], 1), [1, 2, 3, 4, 5, 6]);
        assert_eq!(rows_first(&[0, 1, 0, 3, 0, 2, 0, 4], &[2, 2], 2), [0, 1, 0, 2, 0, 3, 0, 4]);
        // Element [i, j, k] of shape [2, 3, 2] is 6 i + 2 j + k.
        let columns = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
        assert_eq!(rows_first(&columns, &[2, 3, 2], 1), (0..12).collect::<Vec<u8>>());
    }

    #[test]
    fn channels_last_interleaves_the_channels() {
        assert_eq!(channels_last(&[1, 2, 3, 4, 5, 6], 3, 2), [1, 3, 5, 2, 4, 6]);
        assert_eq!(channels_last(&[1, 2, 3, 4, 5, 6, 7, 8], 2, 2), [1, 3, 2, 4, 5, 7, 6, 8]);
    }
}
