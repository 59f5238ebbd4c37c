"""The rules of all port forwards of a host in one nftables table: as text for nft, and read back."""
