/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_sink.h"

Test(format_ip2asn, ranges_become_prefixes)
{
	NfpTestSink test;

	nfp_test_sink_init(&test);
	cr_expect(nfp_test_sink_read(&test, "ip2asn",
				     "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n"
				     "1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n"
				     "1.0.4.1\t1.0.4.2\tAS38803\tNone\tGTELECOM\n"
				     "2001:db8::\t2001:db9:ffff:ffff:ffff:ffff:ffff:ffff\t64500\n", NULL));
	cr_expect_str_eq(test.rows->str, "cidr=1.0.0.0/24 as_number=13335 as_name=CLOUDFLARENET country=US; "
					 "cidr=1.0.4.1/32 as_number=38803 as_name=GTELECOM; "
					 "cidr=1.0.4.2/32 as_number=38803 as_name=GTELECOM; "
					 "cidr=2001:db8::/31 as_number=64500; ", "%s", test.rows->str);
	cr_expect_eq(test.sink.skipped, 1);
	cr_expect_eq(test.sink.rejected, 0);
	nfp_test_sink_clear(&test);
}

Test(format_ip2asn, lines_that_are_wrong)
{
	NfpTestSink test;

	nfp_test_sink_init(&test);
	cr_expect(nfp_test_sink_read(&test, "ip2asn",
				     "x\n1.0.0.0\t1.0.0.x\t1\n1.0.0.9\t1.0.0.8\t1\n1.0.0.0\t::1\t1\n1.0.0.0\t1.0.0.1\tx\n"
				     "1.0.0.0\t1.0.0.1\t1\tDE\t\xff\n", NULL));
	cr_expect_str_eq(test.rows->str, "");
	cr_expect_str_eq(test.faults->str,
			 "1: x has less than three fields: start, end, AS; 2: 1.0.0.0 has no two addresses; "
			 "3: 1.0.0.9 is no range of addresses; 4: 1.0.0.0 is no range of addresses; "
			 "5: 1.0.0.0 has no number of an AS; "
			 "6: 1.0.0.0 has a text that is longer than 255 octets or not UTF-8; ", "%s", test.faults->str);
	nfp_test_sink_clear(&test);
}
