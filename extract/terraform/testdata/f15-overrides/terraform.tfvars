from_file = "444444444444"
