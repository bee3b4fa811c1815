"""What is known about a frame beside its pixels: silhouettes, poses, keypoints, flow."""
