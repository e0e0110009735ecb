#include "check.h"
#include "mix.h"

static void what_is_too_loud_is_clipped_and_never_wraps(void)
{
	const int16_t a[] = { 1, -1, 32767, -32768, 32767, 20000, -20000 };
	const int16_t b[] = { 2, -2, 1, -1, -32768, 20000, -20000 };
	const int16_t sums[] = { 3, -3, 32767, -32768, -1, 32767, -32768 };
	int16_t got[7];

	mix_add(a, b, 7, got);
	CHECK(memcmp(got, sums, sizeof sums) == 0);
}

int main(void)
{
	what_is_too_loud_is_clipped_and_never_wraps();
	return 0;
}
