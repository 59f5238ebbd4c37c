"""What a plan is, and the life of any resource, from check to delete. Knows no resource."""
