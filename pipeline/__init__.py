"""From frames to the answer: annotations, training, evaluation on real images, report. Never imports bpy."""
