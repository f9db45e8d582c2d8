"""What Scenario held when it was last read, kept between runs so that it need not be read again."""
