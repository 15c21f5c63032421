"""Business rules: which candidates go whatever their score."""
