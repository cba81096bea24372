"""What people say the label or a concept of a text really is: kept, counted, exported, and asked for where it helps."""
