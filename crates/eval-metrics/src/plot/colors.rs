/// Colours that those who see few colours can tell apart (Okabe and Ito 2008), light enough and dark enough for both
/// schemes; after them some more that differ in lightness.
const COLORS: [&str; 12] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8a8a00", "#a0522d",
    "#5f9ea0", "#c71585", "#808080",
];

/// The colour of a series; they come round.
pub(crate) fn color(series: usize) -> &'static str {
    COLORS[series % COLORS.len()]
}
