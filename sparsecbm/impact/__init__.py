"""The impact of an edit, a rule or another checkpoint on many documents; also called its blast radius."""
