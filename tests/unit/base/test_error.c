/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

Test(error, errno_text_and_code)
{
	g_autoptr(GError) err = NULL;

	cr_assert_not(nfp_error_errno(&err, NFP_ERROR_CANNOT, ENOENT, "cannot open %s", "x"));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_CANNOT));
	cr_assert_str_eq(err->message, "cannot open x: No such file or directory");
	cr_assert_eq(nfp_error_exit_code(err), 77);
}

Test(error, null_error_is_allowed)
{
	cr_assert_not(nfp_error_errno(NULL, NFP_ERROR_FAILED, EIO, "x"));
}

Test(error, exit_code_of_other_domains_is_1)
{
	g_autoptr(GError) err = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");

	cr_assert_eq(nfp_error_exit_code(err), 1);
	cr_assert_eq(nfp_error_exit_code(NULL), 1);
}

Test(error, foreign_words_become_a_line)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "\xc3\xa4 b", "\xc3\xa4 b" },
		{ "a\nb\x1b[2Jc\x7f", "a?b?[2Jc?" },
		{ "cut \xc3", "cut \xef\xbf\xbd" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = nfp_error_line(cases[i][0]);

		cr_expect_str_eq(line, cases[i][1]);
	}
}

Test(error, fd_closes_at_the_end_of_its_scope)
{
	int number;

	{
		NFP_AUTO_FD int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		cr_assert_geq(fd, 0);
		number = fd;
	}
	cr_assert_eq(fcntl(number, F_GETFD), -1);
	cr_assert_eq(errno, EBADF);
}

Test(error, stolen_fd_stays_open)
{
	int kept;

	{
		NFP_AUTO_FD int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		kept = nfp_fd_steal(&fd);
		cr_assert_eq(fd, -1);
	}
	cr_assert_neq(fcntl(kept, F_GETFD), -1);
	close(kept);
}
