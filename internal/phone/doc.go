// Package phone is what all connectors to telephones share: numbers and the countries that may be called, messages that fit
// into three parts of SMS, what people text back, a daily limit against cost that somebody else causes, and a contact card.
//
// It imports connector, the standard library and the root package, and knows no provider. It measures parts as phones do
// (GSM 03.38 and UCS-2); a carrier that converts texts on the way may count otherwise.
package phone
