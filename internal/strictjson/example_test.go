package strictjson_test

import (
	"fmt"

	"seccodeprm/internal/strictjson"
)

func Example() {
	for _, text := range []string{
		`{"name": "a", "sizes": [2, 3]}`,
		`{"name": "a", "sizes": [2, -3]}`,
		`{"name": "a", "Sizes": [2, 3]}`,
		`{"name": "a", "sizes": [2, 3], "name": "b"}`,
	} {
		r := strictjson.New([]byte(text))
		var name string
		var sizes []int
		for key := range r.Object("name", "sizes") {
			switch key {
			case "name":
				name = r.Text()
			case "sizes":
				for range r.Array() {
					sizes = append(sizes, r.Int(0, 100))
				}
			default:
				r.Unknown()
			}
		}
		fmt.Println(name, sizes, r.End())
	}
	// Output:
	// a [2 3] <nil>
	// a [2 0] offset 27: sizes[1]: -3 is not a whole number from 0 to 100
	// a [] offset 14: Sizes: unknown key
	// a [2 3] offset 31: name: the key occurs twice
}
