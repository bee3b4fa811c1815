"""Training augmentation: `crops` for classifiers, `pictures` for detectors, `light` for both."""
