/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of Criterion that our tests use, for builds with ThreadSanitizer alone: Criterion starts each test
 * in a process whose memory it shares at fixed addresses, which ThreadSanitizer needs for itself. Here each test
 * runs in a fork. Included by one source file a program: it brings main() along.
 */
#ifndef NFP_TESTS_TSAN_CRITERION_H
#define NFP_TESTS_TSAN_CRITERION_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CR_SKIPPED 77
#define CR_TESTS_MAX 128
#define CR_SUITES_MAX 4

struct cr_options {
	void (*init)(void);
	void (*fini)(void);
	double timeout; /* left to CTest */
};

static struct {
	const char *suite, *name;
	void (*run)(void);
	struct cr_options options;
} cr_tests[CR_TESTS_MAX];
static int cr_tests_n;
static struct {
	const char *name;
	struct cr_options options;
} cr_suites[CR_SUITES_MAX];
static int cr_suites_n;
static int cr_failures;

#define TestSuite(test_suite, ...) \
	__attribute__((constructor)) static void test_suite##_suite_add(void) \
	{ \
		cr_suites[cr_suites_n].name = #test_suite; \
		cr_suites[cr_suites_n++].options = (struct cr_options){ __VA_ARGS__ }; \
	} \
	struct cr_options

#define Test(test_suite, test_name, ...) \
	static void test_suite##_##test_name##_run(void); \
	__attribute__((constructor)) static void test_suite##_##test_name##_add(void) \
	{ \
		cr_tests[cr_tests_n].suite = #test_suite; \
		cr_tests[cr_tests_n].name = #test_name; \
		cr_tests[cr_tests_n].run = test_suite##_##test_name##_run; \
		cr_tests[cr_tests_n++].options = (struct cr_options){ __VA_ARGS__ }; \
	} \
	static void test_suite##_##test_name##_run(void)

#define CR_CHECK(fatal, condition, text, ...) \
	do { \
		if (!(condition)) { \
			cr_failures++; \
			fprintf(stderr, "%s:%d: failed: %s", __FILE__, __LINE__, text); \
			fprintf(stderr, " " __VA_ARGS__); \
			fputc('\n', stderr); \
			if (fatal) \
				_exit(1); \
		} \
	} while (0)
#define CR_OP(fatal, a, op, b, ...) CR_CHECK(fatal, (a) op (b), #a " " #op " " #b, __VA_ARGS__)

#define cr_assert(c, ...) CR_CHECK(1, c, #c, __VA_ARGS__)
#define cr_assert_not(c, ...) CR_CHECK(1, !(c), "not " #c, __VA_ARGS__)
#define cr_assert_fail(...) CR_CHECK(1, 0, "", __VA_ARGS__)
#define cr_assert_null(p, ...) CR_CHECK(1, !(p), #p " is NULL", __VA_ARGS__)
#define cr_assert_not_null(p, ...) CR_CHECK(1, p, #p " is not NULL", __VA_ARGS__)
#define cr_assert_eq(a, b, ...) CR_OP(1, a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) CR_OP(1, a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) CR_OP(1, a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) CR_OP(1, a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) CR_OP(1, a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) CR_OP(1, a, >=, b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, e, ...) CR_CHECK(1, fabs((a) - (b)) <= (e), #a " is about " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) CR_CHECK(1, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) CR_CHECK(1, strcmp(a, b) != 0, #a " is not " #b, __VA_ARGS__)
#define cr_assert_str_empty(a, ...) CR_CHECK(1, !*(a), #a " is empty", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) CR_CHECK(1, memcmp(a, b, n) == 0, #a " is " #b, __VA_ARGS__)
#define cr_expect(c, ...) CR_CHECK(0, c, #c, __VA_ARGS__)
#define cr_expect_not(c, ...) CR_CHECK(0, !(c), "not " #c, __VA_ARGS__)
#define cr_expect_null(p, ...) CR_CHECK(0, !(p), #p " is NULL", __VA_ARGS__)
#define cr_expect_not_null(p, ...) CR_CHECK(0, p, #p " is not NULL", __VA_ARGS__)
#define cr_expect_eq(a, b, ...) CR_OP(0, a, ==, b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) CR_OP(0, a, !=, b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) CR_OP(0, a, <, b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) CR_OP(0, a, <=, b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) CR_OP(0, a, >, b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) CR_OP(0, a, >=, b, __VA_ARGS__)
#define cr_expect_float_eq(a, b, e, ...) CR_CHECK(0, fabs((a) - (b)) <= (e), #a " is about " #b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) CR_CHECK(0, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) CR_CHECK(0, strcmp(a, b) != 0, #a " is not " #b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...) CR_CHECK(0, !*(a), #a " is empty", __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) CR_CHECK(0, memcmp(a, b, n) == 0, #a " is " #b, __VA_ARGS__)
#define cr_log_info(...) \
	do { \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr); \
	} while (0)
#define cr_skip(...) \
	do { \
		fprintf(stderr, " " __VA_ARGS__); \
		fputc('\n', stderr); \
		_exit(CR_SKIPPED); \
	} while (0)
#define cr_skip_test(...) cr_skip(__VA_ARGS__)

static const struct cr_options *cr_suite_of(int i)
{
	static const struct cr_options none;

	for (int s = 0; s < cr_suites_n; s++)
		if (!strcmp(cr_suites[s].name, cr_tests[i].suite))
			return &cr_suites[s].options;
	return &none;
}

static int cr_run_one(int i)
{
	const struct cr_options *suite = cr_suite_of(i);
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (suite->init)
			suite->init();
		if (cr_tests[i].options.init)
			cr_tests[i].options.init();
		cr_tests[i].run();
		if (cr_tests[i].options.fini)
			cr_tests[i].options.fini();
		if (suite->fini)
			suite->fini();
		/* Not _exit: the sanitizer reports at the end and sets the code. */
		exit(cr_failures ? 1 : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
	int tested = 0;
	int failed = 0;

	for (int i = 0; i < cr_tests_n; i++) {
		int code = cr_run_one(i);

		printf("[%s] %s::%s", code == 0 ? "PASS" : code == CR_SKIPPED ? "SKIP" : "FAIL",
		       cr_tests[i].suite, cr_tests[i].name);
		printf(code && code != CR_SKIPPED ? " (code %d)\n" : "\n", code);
		tested += code != CR_SKIPPED;
		failed += code != 0 && code != CR_SKIPPED;
	}
	printf("Tested: %d | Failing: %d\n", tested, failed);
	return failed ? 1 : 0;
}

#endif
