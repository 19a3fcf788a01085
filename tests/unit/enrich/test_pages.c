/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/pages.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(pages, of_any_size)
{
	static const size_t sizes[] = { 0, 1, 64, 4096, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 7 << 20 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *memory = nfp_pages_alloc(sizes[i]);

		cr_assert_not_null(memory);
		cr_expect_eq((uintptr_t)memory % 64, 0, "begins with a line of the cache");
		if (sizes[i] >= 2 << 20)
			cr_expect_eq((uintptr_t)memory % (2 << 20), 0, "begins with a page");
		memset(memory, 0xa5, sizes[i]);
		free(memory);
	}
}
