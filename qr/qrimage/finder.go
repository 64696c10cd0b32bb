package qrimage

import (
	"math"

	"github.com/makiuchi-d/gozxing"
)

// Limits of what is tried: text and pictures hold look-alikes.
const (
	maxFinders = 48
	maxTries   = 200 // triples that stand as finders would; a tenth of a second
)

// finder is a square in a square: 1:1:3:1:1 across the middle.
type finder struct{ x, y, module float64 }

// upright finds a code among other things, where rows of pixels are rows of
// modules: what a program drew. It takes what the decoder's own search loses.
func (g gray) upright(limit byte) (bits *gozxing.BitMatrix, p place, ok bool) {
	found := g.finders(limit)
	tries := 0
	for _, tl := range found {
		for _, tr := range found {
			steps := (tr.x - tl.x) / tl.module
			size := (int(math.Round(steps))+7-17+2)/4*4 + 17
			if math.Abs(tr.y-tl.y) > tl.module || size < 21 || size > 177 {
				continue
			}
			for _, bl := range found {
				if math.Abs(bl.x-tl.x) > tl.module || math.Abs((bl.y-tl.y)-(tr.x-tl.x)) > 2*tl.module {
					continue
				}
				if tries++; tries > maxTries {
					return nil, place{}, false
				}
				n := float64(size - 7)
				p := place{rightX: (tr.x - tl.x) / n, downY: (bl.y - tl.y) / n, size: size}
				p.x, p.y = tl.x-3.5*p.rightX, tl.y-3.5*p.downY
				if bits, ok := g.sample(p, limit); ok {
					if _, ok := decode(bits); ok {
						return bits, p, true
					}
				}
			}
		}
	}
	return nil, place{}, false
}

// finders looks along rows, and down where a row looks right.
func (g gray) finders(limit byte) (found []finder) {
	for y := 0; y < g.height && len(found) < maxFinders; y++ {
		var runs [5]int // the last five, light and dark in turn
		begin := 0
		for x := 0; x <= g.width && len(found) < maxFinders; x++ {
			dark := x < g.width && g.pix[y*g.width+x] < limit
			if x < g.width && (x == 0 || dark == (g.pix[y*g.width+x-1] < limit)) {
				continue
			}
			copy(runs[:], runs[1:])
			runs[4] = x - begin
			begin = x
			if endsDark := g.pix[y*g.width+x-1] < limit; endsDark && looksLike(runs) {
				module := float64(runs[0]+runs[1]+runs[2]+runs[3]+runs[4]) / 7
				found = g.crossed(found, finder{float64(x) - 3.5*module, float64(y), module}, limit)
			}
		}
	}
	return found
}

// looksLike: 1:1:3:1:1, half a module off at most.
func looksLike(runs [5]int) bool {
	sum := 0
	for _, n := range runs {
		sum += n
	}
	m := float64(sum) / 7
	if sum < 7 {
		return false
	}
	for i, n := range runs {
		want := m
		if i == 2 {
			want = 3 * m
		}
		if math.Abs(float64(n)-want) > want/2 {
			return false
		}
	}
	return true
}

// crossed adds a candidate when the column through its middle looks right too,
// and it is not known yet.
func (g gray) crossed(found []finder, f finder, limit byte) []finder {
	x, y := int(f.x), int(f.y)
	if v, ok := g.at(x, y); !ok || v >= limit {
		return found
	}
	up := g.walk(x, y, -1, limit)
	down := g.walk(x, y+1, 1, limit)
	runs := [5]int{up[2], up[1], up[0] + down[0], down[1], down[2]}
	if !looksLike(runs) {
		return found
	}
	top := y + 1 - up[0] - up[1] - up[2]
	f.y = float64(top) + float64(runs[0]+runs[1]+runs[2]+runs[3]+runs[4])/2
	for _, other := range found {
		if math.Abs(other.x-f.x) < 2*f.module && math.Abs(other.y-f.y) < 2*f.module {
			return found
		}
	}
	return append(found, f)
}

// walk measures dark, light and dark from a pixel on.
func (g gray) walk(x, y, step int, limit byte) (runs [3]int) {
	for i := range runs {
		for v, ok := g.at(x, y); ok && (v < limit) == (i != 1); v, ok = g.at(x, y) {
			runs[i]++
			y += step
		}
	}
	return runs
}
