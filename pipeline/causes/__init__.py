"""Where a gap comes from: types of errors, calibration, and parts of the data that are harder than others."""
