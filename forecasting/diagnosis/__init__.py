"""What is wrong with a model: the lecture's decision tree (Lee 2021, video 3), applied with evidence."""
