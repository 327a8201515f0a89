package seal

import "crypto/ed25519"

// LedgerKey signs the checkpoints of the ledger. It comes from the sealing key, so an installation always has the same one,
// and whoever has the sealing key can sign, too.
func (b *Box) LedgerKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(b.Derive("ledger checkpoints"))
}
