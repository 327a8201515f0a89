package sim

import (
	"reflect"

	"github.com/muster-oncall/muster"
)

// userExtras is what a person's document says besides: storms of pages are told one by one, where they could be bundled,
// because the model counts pages.
func userExtras() string {
	if _, ok := reflect.TypeFor[muster.User]().FieldByName("Storm"); ok {
		return "storm: {pages: 1000, within: 1m}\n"
	}
	return ""
}
