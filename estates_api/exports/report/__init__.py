"""Reports as PDF, set with typst: what is said is made here, how it looks stands in the `.typ` files beside."""
