// Package chatop is the one grammar of chat: a line of text becomes an operation with its input filled in, and the answer
// comes back as a plain value that each chat shows in its own way. The composer of the room uses it too, with the room's
// incident filled in.
//
//	WORD [name=value …] [positions …] [the rest of the text]
//
// A word is the Chat word of an operation ("ack", "status open"), "did", "saw", "said", "decided" or "felt" for the
// timeline, or "help". Positions and the rest follow the arg tags of the operation's input; an incident may be left out
// where the room says which one, or is then the newest that is open; so may an alert.
//
// It may import command and query. It decides nothing about rights but one thing: a person whom the chat names and whom
// the catalog does not know is a guest (see [Chat.Hear]).
package chatop
