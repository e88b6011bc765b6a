"""Movies and contact sheets: made of frames that are on the share, in a process of their own."""
