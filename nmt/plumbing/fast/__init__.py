"""What makes nmt fast, behind one seam per concern; the plain computation beside each is the law it is tested by."""
