"""Sources of training data: negatives from a corpus, and labels from documents and clicks."""
