/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Books made by hand, for the views of the status. */
#ifndef NFP_TEST_LEDGERS_H
#define NFP_TEST_LEDGERS_H

#include "app/ledger.h"

/* Two hooks (eth0 ingress, attached; a gone egress in namespace blue) and two buckets; everything closes. */
NfpLedger *nfp_test_ledger(void);

#endif
