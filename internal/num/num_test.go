package num

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// sameBits compares as the contract does: bit for bit, any NaN equal to any
// NaN.
func sameBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func TestFMAContract(t *testing.T) {
	data, err := os.ReadFile("testdata/fma32.json")
	require.NoError(t, err)
	var f struct{ Rows [][4]uint32 }
	require.NoError(t, json.Unmarshal(data, &f))
	require.NotEmpty(t, f.Rows)
	for _, r := range f.Rows {
		a, b, c := math.Float32frombits(r[0]), math.Float32frombits(r[1]), math.Float32frombits(r[2])
		require.Equalf(t, r[3], math.Float32bits(FMA(a, b, c)), "fma(%x, %x, %x)", r[0], r[1], r[2])
	}
}

// exactFMA rounds the exact rational once.
func exactFMA(a, b, c float32) float32 {
	x := new(big.Float).SetPrec(1000).SetFloat64(float64(a))
	x.Mul(x, big.NewFloat(float64(b)))
	x.Add(x, new(big.Float).SetPrec(1000).SetFloat64(float64(c)))
	f, _ := x.Float32()
	return f
}

func TestFMAAgainstRationals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	for range n {
		a, b := math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
		c := math.Float32frombits(r.Uint32())
		switch r.IntN(4) {
		case 0: // c near the product
			c = math.Float32frombits(math.Float32bits(-a*b) + uint32(r.IntN(5)) - 2)
		case 1: // few bits, so that midpoints are hit
			a, b = math.Float32frombits(r.Uint32()&0xfffff000), math.Float32frombits(r.Uint32()&0xfffff000)
			c = float32(a*b) * float32(int(1)<<r.IntN(30))
		case 2: // denormal results
			a, b = a*0x1p-60, math.Float32frombits(r.Uint32()&0x807fffff|0x20000000)
			c *= 0x1p-126
		}
		got := FMA(a, b, c)
		if a-a != 0 || b-b != 0 || c-c != 0 {
			continue
		}
		want := exactFMA(a, b, c)
		if want == 0 {
			require.Zerof(t, got, "fma(%g, %g, %g)", a, b, c)
			continue
		}
		require.Equalf(t, math.Float32bits(want), math.Float32bits(got), "fma(%g, %g, %g) = %g, want %g", a, b, c, got, want)
	}
}

func TestFMASpecial(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negZero := math.Float32frombits(1 << 31)
	for _, c := range []struct{ a, b, c, want float32 }{
		{0, inf, 1, nan}, {inf, 1, -inf, nan}, {nan, 1, 1, nan}, {1, 1, nan, nan},
		{inf, 2, 1, inf}, {1, 2, -inf, -inf},
		{0, 1, negZero, 0}, {negZero, 1, negZero, negZero}, {1, 1, -1, 0},
		{math.MaxFloat32, 2, -math.MaxFloat32, math.MaxFloat32},
		{math.MaxFloat32, math.MaxFloat32, 0, inf},
		{math.MaxFloat32, 1, 0x1p102, math.MaxFloat32}, {math.MaxFloat32, 1, 0x1p103, inf},
	} {
		got := FMA(c.a, c.b, c.c)
		require.Truef(t, sameBits(c.want, got), "fma(%g, %g, %g) = %g, want %g", c.a, c.b, c.c, got, c.want)
	}
}

func TestAddScaled(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 20_000 {
		a := math.Float32frombits(r.Uint32())
		x, acc, want := make([]float32, 5), make([]float32, 4), make([]float32, 4)
		for i := range acc {
			x[i], acc[i] = math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
			want[i] = FMA(a, x[i], acc[i])
		}
		AddScaled(acc, a, x)
		for i := range acc {
			require.True(t, sameBits(want[i], acc[i]))
		}
	}
}

func FuzzFMA(f *testing.F) {
	f.Add(uint32(1258295297), uint32(1258283010), uint32(1652555776))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		x, y, z := math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c)
		if x-x != 0 || y-y != 0 || z-z != 0 {
			return
		}
		if want := exactFMA(x, y, z); want != FMA(x, y, z) {
			t.Fatalf("fma(%g, %g, %g) = %g, want %g", x, y, z, FMA(x, y, z), want)
		}
	})
}

// ulps returns |got - want| in units of the last place of float32 at want.
func ulps(got float32, want float64) float64 {
	_, e := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(e, -125)-24)
}

// everyFloat visits the float32 of every stride-th bit pattern.
func everyFloat(stride uint32, visit func(x float32)) {
	for u := uint64(0); u < 1<<32; u += uint64(stride) {
		visit(math.Float32frombits(uint32(u)))
	}
}

func TestExp(t *testing.T) {
	inf := float32(math.Inf(1))
	require.Equal(t, float32(1), Exp(0))
	require.Equal(t, float32(1), Exp(math.Float32frombits(1<<31)))
	require.Zero(t, math.Float32bits(Exp(-inf)))
	require.Equal(t, inf, Exp(inf))
	require.True(t, Exp(float32(math.NaN())) != Exp(float32(math.NaN())))
	require.Zero(t, Exp(math.Nextafter32(ExpMin, -inf)))
	require.GreaterOrEqual(t, Exp(ExpMin), float32(0x1p-126))
	require.Equal(t, inf, Exp(math.Nextafter32(ExpMax, inf)))
	require.Less(t, Exp(ExpMax), inf)

	worst, at := 0., float32(0)
	everyFloat(997, func(x float32) {
		got, want := Exp(x), math.Exp(float64(x))
		switch {
		case x != x:
		case x < ExpMin:
			if want > 0x1p-126*(1+1e-5) || math.Float32bits(got) != 0 {
				t.Fatalf("Exp(%g) = %g, flushed to zero at %g", x, got, want)
			}
		case x > ExpMax:
			if want <= math.MaxFloat32 || got != inf {
				t.Fatalf("Exp(%g) = %g, want %g", x, got, want)
			}
		default:
			if e := ulps(got, want); e > worst {
				worst, at = e, x
			}
		}
	})
	t.Logf("worst error %.4f ulp at %g", worst, at)
	require.LessOrEqual(t, worst, 0.9)
}

func TestSinCos(t *testing.T) {
	worst := 0.
	check := func(x float32) {
		if x-x != 0 {
			s, c := SinCos(x)
			require.True(t, s != s && c != c)
			return
		}
		s, c := SinCos(x)
		ws, wc := math.Sincos(float64(x))
		worst = max(worst, ulps(s, ws), ulps(c, wc))
	}
	everyFloat(1499, check)
	for k := range 200_000 { // near multiples of pi/2
		x := float32(float64(k) * math.Pi / 2)
		check(x)
		check(math.Nextafter32(x, 0))
		check(-x)
	}
	t.Logf("worst error %.4f ulp", worst)
	require.LessOrEqual(t, worst, 0.51)
	s, _ := SinCos(math.Float32frombits(1 << 31))
	require.Equal(t, uint32(1<<31), math.Float32bits(s), "sin(-0)")
}

// Above 2^31 the reduced argument itself is compared, with 400 bits of pi.
func TestSinCosLargeAgainstBig(t *testing.T) {
	const prec = 400
	pi, ok := new(big.Float).SetPrec(prec).SetString("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651328230664709384460955058223172535940812848111745028410270193852110555964462294895493038196")
	require.True(t, ok)
	half := new(big.Float).Quo(pi, big.NewFloat(2))
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		x := math.Float32frombits(0x4f000000 + r.Uint32N(0x7f800000-0x4f000000))
		got, n := reduceLarge(x)
		q := new(big.Float).SetPrec(prec).Quo(big.NewFloat(float64(x)), half)
		k, _ := new(big.Float).SetPrec(prec).Add(q, big.NewFloat(0.5)).Int(nil)
		f := new(big.Float).SetPrec(prec).SetInt(k)
		f.Mul(f.Sub(q, f), half)
		want, _ := f.Float64()
		require.Equal(t, new(big.Int).And(k, big.NewInt(3)).Uint64(), n&3, "%g", x)
		require.InEpsilon(t, want, got, 1e-15, "%g", x)
	}
}

func ulps64(got, want float64) float64 {
	if got == want || got != got && want != want {
		return 0
	}
	return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
}

// bigExp returns e^x to about 200 bits.
func bigExp(x float64) float64 {
	const halvings = 12
	f := func() *big.Float { return new(big.Float).SetPrec(260) }
	r := f().SetMantExp(f().SetFloat64(x), -halvings)
	sum, term := f().SetInt64(1), f().SetInt64(1)
	for i := int64(1); i < 40; i++ {
		term.Mul(term, r)
		term.Quo(term, f().SetInt64(i))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	v, _ := sum.Float64()
	return v
}

func TestExp64(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	worst := 0.
	for i := range 20_000 {
		x := r.Float64()*1460 - 750
		if i%2 == 0 {
			x = r.NormFloat64() / 2
		}
		if want := bigExp(x); want >= 0x1p-1022 {
			worst = max(worst, ulps64(Exp64(x), want))
		} else { // rounded once to a denormal number
			require.InDelta(t, want, Exp64(x), 0x1p-1074)
		}
	}
	t.Logf("worst error %.4f ulp", worst)
	require.LessOrEqual(t, worst, 1.0)
}

func TestFloat64Functions(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		name      string
		got, want func(float64) float64
		arg       func() float64
		bound     float64 // math's own error is up to 1 of it
	}{
		{"log", Log64, math.Log, func() float64 { return math.Float64frombits(1<<52 + r.Uint64N(0x7fe<<52)) }, 2},
		{"log near 1", Log64, math.Log, func() float64 { return 1 + r.NormFloat64()*0.1 }, 2},
		{"tanh", Tanh64, math.Tanh, func() float64 { return r.NormFloat64() * math.Exp2(float64(r.IntN(40)-35)) }, 4},
	} {
		worst, at := 0., 0.
		for range 200_000 {
			x := c.arg()
			if e := ulps64(c.got(x), c.want(x)); e > worst {
				worst, at = e, x
			}
		}
		t.Logf("%s: %.3f ulp at %g", c.name, worst, at)
		require.LessOrEqual(t, worst, c.bound, "%s at %g", c.name, at)
	}
	for range 10_000 { // math.Log of amd64 is wrong for denormals
		x := math.Float64frombits(r.Uint64() >> 12)
		require.InEpsilon(t, math.Log(x*0x1p100)-100*math.Ln2, Log64(x), 1e-15)
	}
	require.Equal(t, 1.0, Exp64(0))
	require.Equal(t, inf, Exp64(710))
	require.Zero(t, Exp64(-746))
	require.Zero(t, Exp64(-inf))
	require.Equal(t, inf, Exp64(inf))
	require.True(t, math.IsNaN(Exp64(nan)))
	require.Zero(t, Log64(1))
	require.Equal(t, -inf, Log64(0))
	require.Equal(t, inf, Log64(inf))
	require.True(t, math.IsNaN(Log64(-1)) && math.IsNaN(Log64(nan)))
	require.Equal(t, 0.5, Sigmoid64(0))
	require.Equal(t, 1.0, Sigmoid64(inf))
	require.Zero(t, Sigmoid64(-inf))
	require.InEpsilon(t, math.Exp(-700), Sigmoid64(-700), 1e-15)
	require.Equal(t, 1.0, Tanh64(inf))
	require.Equal(t, -1.0, Tanh64(-inf))
	require.True(t, math.IsNaN(Tanh64(nan)) && math.IsNaN(Sigmoid64(nan)))
	require.True(t, math.Signbit(Tanh64(math.Copysign(0, -1))))
	for range 10_000 {
		x := r.NormFloat64() * 3
		require.InDelta(t, Sigmoid64(x)-Sigmoid64(-x), Tanh64(x/2), 1e-15)
	}
}

// exactPow computes x^y for an integer or half-integer y with big.Float.
func exactPow(x float64, twice int) float64 {
	z := new(big.Float).SetPrec(4000).SetInt64(1)
	f := new(big.Float).SetPrec(4000).SetFloat64(x)
	f.Sqrt(f)
	n := twice
	if n < 0 {
		n = -n
	}
	for range n {
		z.Mul(z, f).SetPrec(300)
	}
	if twice < 0 {
		z.Quo(big.NewFloat(1), z)
	}
	v, _ := z.Float64()
	return v
}

func TestPow64(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	worst := 0.
	for range 20_000 {
		x := math.Exp(r.NormFloat64() * 4)
		n := r.IntN(120) - 60
		want := exactPow(x, n)
		if want == 0 || math.IsInf(want, 0) || want < 0x1p-1022 {
			continue
		}
		worst = max(worst, ulps64(Pow64(x, float64(n)/2), want))
	}
	t.Logf("worst error %.4f ulp", worst)
	require.LessOrEqual(t, worst, 1.0)

	inf, nan := math.Inf(1), math.NaN()
	args := []float64{0, 0x1p-1022, 0.3, 1, 1.5, 1e6, math.MaxFloat64, inf, nan}
	for _, x := range args {
		for _, y := range append(args, -0x1p-1074, -0.3, -1, -1.5, -1e6, -math.MaxFloat64, -inf) {
			require.LessOrEqual(t, ulps64(Pow64(x, y), math.Pow(x, y)), 100.0, "%g^%g", x, y) // math.Pow is off by 36 here
		}
	}
	require.True(t, math.IsNaN(Pow64(-2, 2)))
	require.Equal(t, 10000.0, Pow64(10000, 1))
}

func TestHalf(t *testing.T) {
	for b := range 1 << 16 {
		x := FromBF16(uint16(b))
		require.Equal(t, uint32(b)<<16, math.Float32bits(x))
		if x == x {
			require.Equal(t, uint16(b), BF16(x))
			continue
		}
		require.True(t, FromBF16(BF16(x)) != FromBF16(BF16(x)))
	}
	require.Equal(t, uint16(0x3f80), BF16(0x1.01p0), "tie to even, down")
	require.Equal(t, uint16(0x3f82), BF16(0x1.03p0), "tie to even, up")
	require.Equal(t, uint16(0x3f81), BF16(math.Nextafter32(0x1.01p0, 2)))
	require.Equal(t, uint16(0x7f80), BF16(math.MaxFloat32))
	require.True(t, FromBF16(BF16(math.Float32frombits(0x7f800001))) != 0 && BF16(math.Float32frombits(0x7f800001)) == 0x7fc0)

	for h := range 1 << 16 {
		sign, e, f := float64(1-2*(h>>15)), h>>10&31, float64(h&1023)
		got := float64(FromF16(uint16(h)))
		switch {
		case e == 31 && f != 0:
			require.True(t, got != got)
		case e == 31:
			require.Equal(t, math.Inf(int(sign)), got)
		case e == 0:
			require.Equal(t, sign*f*0x1p-24, got)
			require.Equal(t, h>>15 == 1, math.Signbit(got))
		default:
			require.Equal(t, sign*(1+f/1024)*math.Ldexp(1, e-15), got)
		}
	}
}

func TestLanesContract(t *testing.T) {
	tensors := readF32(t, "testdata/lanesum.safetensors")
	n := 0
	for name, x := range tensors {
		var size int
		if _, err := fmt.Sscanf(name, "n%d.x", &size); err != nil || name != fmt.Sprintf("n%d.x", size) {
			continue
		}
		want := tensors[fmt.Sprintf("n%d.sumsq", size)]
		require.Len(t, x, size)
		require.Equal(t, math.Float32bits(want[0]), math.Float32bits(SumSquares(x)), name)
		n++
	}
	require.Equal(t, 8, n)
	require.Zero(t, SumLanes(nil))
}

// SumLanes follows the order of SumSquares: on squares that are exact both
// agree.
func TestSumLanesOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := range 200 {
		x, sq := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(r.IntN(1<<12)) * float32(math.Ldexp(1, r.IntN(20)))
			sq[i] = x[i] * x[i]
		}
		require.Equal(t, math.Float32bits(SumSquares(x)), math.Float32bits(SumLanes(sq)), "n=%d", n)
	}
}

func BenchmarkFMA(b *testing.B) {
	x, acc := [16]float32{}, [16]float32{}
	for i := range x {
		x[i] = 1 + float32(i)/16
	}
	for b.Loop() {
		for j := range acc {
			acc[j] = FMA(x[j], 0.5, acc[j])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/fma")
}

func BenchmarkAddScaled(b *testing.B) {
	x, acc := [16]float32{}, [16]float32{}
	for i := range x {
		x[i] = 1 + float32(i)/16
	}
	for b.Loop() {
		AddScaled(acc[:], 0.5, x[:])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/fma")
}

func BenchmarkExp(b *testing.B) {
	x := float32(-1.5)
	for b.Loop() {
		x = Exp(x) - 1.5
	}
}
