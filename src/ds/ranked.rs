//! Members in order of score and text, with their ranks.
