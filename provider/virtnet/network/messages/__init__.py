"""How the values of LibvirtNetwork read: every sentence that the package can say."""
