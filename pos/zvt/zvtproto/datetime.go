package zvtproto

import "time"

// Time is BMP 0C, HHMMSS.
func (f *Fields) Time() (hour, minute, second int, ok bool) {
	v, ok := f.number(BMPTime)
	hour, minute, second = int(v/10000), int(v/100%100), int(v%100)
	return hour, minute, second, ok && hour < 24 && minute < 60 && second < 60
}

// SetTime sets BMP 0C.
func (f *Fields) SetTime(t time.Time) error {
	return f.setNumber(BMPTime, uint64(t.Hour()*10000+t.Minute()*100+t.Second()))
}

// Date is BMP 0D, month and day. ok is false for a date no year has, as the
// 0000 of a terminal that does not know it.
func (f *Fields) Date() (month time.Month, day int, ok bool) {
	v, ok := f.number(BMPDate)
	month, day = time.Month(v/100), int(v%100)
	return month, day, ok && validDay(2000, month, day)
}

// SetDate sets BMP 0D.
func (f *Fields) SetDate(t time.Time) error {
	return f.setNumber(BMPDate, uint64(int(t.Month())*100+t.Day()))
}

// FullDate is BMP AA, YYMMDD, in this century.
func (f *Fields) FullDate() (year int, month time.Month, day int, ok bool) {
	v, ok := f.number(BMPFullDate)
	year, month, day = 2000+int(v/10000), time.Month(v/100%100), int(v%100)
	return year, month, day, ok && validDay(year, month, day)
}

// SetFullDate sets BMP AA; ErrRange outside the years 2000 to 2099.
func (f *Fields) SetFullDate(t time.Time) error {
	if t.Year() < 2000 || t.Year() > 2099 {
		return &FieldError{BMP: BMPFullDate, Offset: -1, Err: ErrRange}
	}
	return f.setNumber(BMPFullDate, uint64((t.Year()-2000)*10000+int(t.Month())*100+t.Day()))
}

func validDay(year int, month time.Month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Day() == day
}

// DateTime joins BMP AA or 0D with 0C into a time at loc. A date without a
// year gets the year that brings it nearest to now, so that a payment of 31
// December read on 1 January stays in its year. ok is false without a whole
// valid date and time.
func (f *Fields) DateTime(now time.Time, loc *time.Location) (t time.Time, ok bool) {
	hour, minute, second, ok := f.Time()
	if !ok {
		return time.Time{}, false
	}
	if year, month, day, full := f.FullDate(); full {
		return time.Date(year, month, day, hour, minute, second, 0, loc), true
	}
	month, day, ok := f.Date()
	if !ok {
		return time.Time{}, false
	}
	var best time.Time
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		c := time.Date(year, month, day, hour, minute, second, 0, loc)
		if c.Day() == day && (best.IsZero() || now.Sub(c).Abs() < now.Sub(best).Abs()) {
			best = c
		}
	}
	return best, !best.IsZero()
}
