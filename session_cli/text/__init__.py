"""What people read. Pure: values and a width go in, text comes out."""
