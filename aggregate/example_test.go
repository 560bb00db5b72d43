package aggregate_test

import (
	"fmt"

	"seccodeprm/aggregate"
)

func Example() {
	rewards := []float64{0.9, 0.8, -0.6, 0.7}
	rule, ok := aggregate.Lookup("risk", aggregate.DefaultTau)
	if !ok {
		return
	}
	R := rule.Reward(rewards)
	fmt.Printf("R %.4f, vulnerable %t, weights %.4f\n", R, R <= 0, rule.Weights(nil, rewards))
	fmt.Println("first insecure step:", aggregate.FirstInsecure(rewards, 0))
	// Output:
	// R -0.6000, vulnerable true, weights [0.0000 0.0000 1.0000 0.0000]
	// first insecure step: 2
}

// A long file dilutes the released mean of weighted rewards, not the paper's.
func ExampleLookup() {
	short, long := []float64{0.5, 0.5}, []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}
	for _, name := range []string{"softmax-mean", "softmax-mean-released"} {
		rule, _ := aggregate.Lookup(name, aggregate.DefaultTau)
		fmt.Printf("%s %.4f %.4f\n", rule.Name(), rule.Reward(short), rule.Reward(long))
	}
	_, ok := aggregate.Lookup("risk", 0)
	fmt.Println(ok)
	// Output:
	// softmax-mean 0.5000 0.5000
	// softmax-mean-released 0.2500 0.0625
	// false
}

func ExampleLookupAdvantage() {
	candidates := [][]float64{{0.5, 0.1}, {0.3, -0.5}}
	advantage, _ := aggregate.LookupAdvantage("position")
	rule, _ := aggregate.Lookup("mean", aggregate.DefaultTau)
	var rewards []float64
	for _, a := range advantage(candidates) {
		rewards = append(rewards, rule.Reward(a))
		fmt.Printf("%.2f\n", a)
	}
	fmt.Println("best first:", aggregate.Order(rewards))
	// Output:
	// [0.10 0.30]
	// [-0.10 -0.30]
	// best first: [0 1]
}

func ExampleNames() {
	fmt.Println(aggregate.Names()[0], len(aggregate.Names()))
	// Output: risk 22
}
