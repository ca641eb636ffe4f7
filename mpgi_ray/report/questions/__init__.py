"""Questions about pictures: what a table of them holds, a page of it, and what an engine answered to them."""
