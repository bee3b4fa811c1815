"""Rendering of frames with their facts. The only code that imports bpy; never imports torch."""
