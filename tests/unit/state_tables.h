/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel's IPVS does, as it was written down by reading and asking it: the tables of a
 * text, in the form that they have there. They are a second transcription: the library's own are
 * compared with them cell by cell.
 */
#ifndef LVS_TESTS_STATE_TABLES_H
#define LVS_TESTS_STATE_TABLES_H

/* clang-format off */

static const char tcp_rows[] =
	"| code | enum | name shown | timeout | active |\n"
	"| NO | 0 NONE | NONE | 2 | no |\n"
	"| ES | 1 ESTABLISHED | ESTABLISHED | 900 | yes |\n"
	"| SS | 2 SYN_SENT | SYN_SENT | 120 | yes |\n"
	"| SR | 3 SYN_RECV | SYN_RECV | 60 | yes |\n"
	"| FW | 4 FIN_WAIT | FIN_WAIT | 120 | no |\n"
	"| TW | 5 TIME_WAIT | TIME_WAIT | 120 | no |\n"
	"| CL | 6 CLOSE | CLOSE | 10 | no |\n"
	"| CW | 7 CLOSE_WAIT | CLOSE_WAIT | 60 | no |\n"
	"| LA | 8 LAST_ACK | LAST_ACK | 30 | no |\n"
	"| LI | 9 LISTEN | LISTEN | 120 | no |\n"
	"| SA | 10 SYNACK | SYNACK | 120 | yes |\n"
	"| – | 11 LAST | BUG! | 2 | – |\n";

static const char tcp_normal[] =
	"| INPUT | NO | ES | SS | SR | FW | TW | CL | CW | LA | LI | SA |\n"
	"| syn | SR | ES | ES | SR | SR | SR | SR | SR | SR | SR | SR |\n"
	"| fin | CL | CW | SS | TW | TW | TW | CL | CW | LA | LI | TW |\n"
	"| ack | ES | ES | SS | ES | FW | TW | CL | CW | CL | LI | ES |\n"
	"| rst | CL | CL | CL | SR | CL | CL | CL | CL | LA | LI | SR |\n"
	"| OUTPUT | NO | ES | SS | SR | FW | TW | CL | CW | LA | LI | SA |\n"
	"| syn | SS | ES | SS | SR | SS | SS | SS | SS | SS | LI | SR |\n"
	"| fin | TW | FW | SS | TW | FW | TW | CL | TW | LA | LI | TW |\n"
	"| ack | ES | ES | SS | ES | FW | TW | CL | CW | LA | ES | ES |\n"
	"| rst | CL | CL | SS | CL | CL | TW | CL | CL | CL | CL | CL |\n"
	"| INPUT_ONLY | NO | ES | SS | SR | FW | TW | CL | CW | LA | LI | SA |\n"
	"| syn | SR | ES | ES | SR | SR | SR | SR | SR | SR | SR | SR |\n"
	"| fin | CL | FW | SS | TW | FW | TW | CL | CW | LA | LI | TW |\n"
	"| ack | ES | ES | SS | ES | FW | TW | CL | CW | CL | LI | ES |\n"
	"| rst | CL | CL | CL | SR | CL | CL | CL | CL | LA | LI | CL |\n";

static const char tcp_secure[] =
	"| INPUT | NO | ES | SS | SR | FW | TW | CL | CW | LA | LI | SA |\n"
	"| syn | SR | ES | ES | SR | SR | SR | SR | SR | SR | SR | SA |\n"
	"| fin | CL | CW | SS | TW | TW | TW | CL | CW | LA | LI | SA |\n"
	"| ack | ES | ES | SS | SR | FW | TW | CL | CW | CL | LI | SA |\n"
	"| rst | CL | CL | CL | SR | CL | CL | CL | CL | LA | LI | CL |\n"
	"| OUTPUT | NO | ES | SS | SR | FW | TW | CL | CW | LA | LI | SA |\n"
	"| syn | SS | ES | SS | SA | SS | SS | SS | SS | SS | LI | SA |\n"
	"| fin | TW | FW | SS | TW | FW | TW | CL | TW | LA | LI | TW |\n"
	"| ack | ES | ES | SS | ES | FW | TW | CL | CW | LA | ES | ES |\n"
	"| rst | CL | CL | SS | CL | CL | TW | CL | CL | CL | CL | CL |\n"
	"| INPUT_ONLY | NO | ES | SS | SR | FW | TW | CL | CW | LA | LI | SA |\n"
	"| syn | SA | ES | ES | SR | SA | SA | SA | SA | SA | SA | SA |\n"
	"| fin | CL | FW | SS | TW | FW | TW | CL | CW | LA | LI | TW |\n"
	"| ack | ES | ES | SS | ES | FW | TW | CL | CW | CL | LI | ES |\n"
	"| rst | CL | CL | CL | SR | CL | CL | CL | CL | LA | LI | CL |\n";

static const char sctp_rows[] =
	"| code | enum | name shown | timeout |\n"
	"| NO | 0 NONE | NONE | 2 |\n"
	"| I1 | 1 INIT1 (first INIT seen) | INIT1 | 4 |\n"
	"| IN | 2 INIT | INIT | 61 |\n"
	"| CS | 3 COOKIE_SENT | C-SENT | 61 |\n"
	"| CR | 4 COOKIE_REPLIED | C-REPLIED | 61 |\n"
	"| CW | 5 COOKIE_WAIT | C-WAIT | 61 |\n"
	"| CO | 6 COOKIE | COOKIE | 61 |\n"
	"| CE | 7 COOKIE_ECHOED | C-ECHOED | 61 |\n"
	"| ES | 8 ESTABLISHED | ESTABLISHED | 900 |\n"
	"| SS | 9 SHUTDOWN_SENT | S-SENT | 61 |\n"
	"| SR | 10 SHUTDOWN_RECEIVED | S-RECEIVED | 61 |\n"
	"| SA | 11 SHUTDOWN_ACK_SENT | S-ACK-SENT | 61 |\n"
	"| RJ | 12 REJECTED | REJECTED | 4 |\n"
	"| CL | 13 CLOSED | CLOSED | 61 |\n";

static const char sctp_table[] =
	"| INPUT | NO | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| data | ES | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| INIT | I1 | IN | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | IN | IN |\n"
	"| INIT-ACK | CW | CW | CW | CS | CR | CO | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| COOKIE-ECHO | CR | IN | IN | CR | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| COOKIE-ACK | ES | I1 | IN | CS | CR | CW | CO | ES | ES | SS | SR | SA | RJ | CL |\n"
	"| SHUTDOWN | SR | I1 | IN | CS | CR | CW | CO | CE | SR | SS | SR | SA | RJ | CL |\n"
	"| SHUTDOWN-ACK | CL | IN | IN | CS | CR | CW | CO | CE | ES | CL | SR | CL | RJ | CL |\n"
	"| SHUTDOWN-COMPLETE | CL | CL | CL | CS | CR | CW | CO | CE | ES | SS | SR | CL | RJ | CL |\n"
	"| ERROR | CL | I1 | IN | CS | CR | CW | CO | CL | ES | SS | SR | SA | RJ | CL |\n"
	"| ABORT | CL | CL | CL | CL | CL | RJ | CL | CL | CL | CL | CL | CL | CL | CL |\n"
	"| OUTPUT | NO | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| data | ES | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| INIT | CW | CW | CW | CW | CW | CW | CW | CW | ES | CW | CW | CW | CW | CW |\n"
	"| INIT-ACK | CS | CS | CS | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| COOKIE-ECHO | CE | CE | CE | CE | CE | CE | CE | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| COOKIE-ACK | ES | ES | ES | ES | ES | ES | ES | ES | ES | SS | SR | SA | RJ | CL |\n"
	"| SHUTDOWN | SS | SS | SS | SS | SS | SS | SS | SS | SS | SS | SR | SA | RJ | CL |\n"
	"| SHUTDOWN-ACK | SA | SA | SA | SA | SA | CW | CO | CE | ES | SA | SA | SA | RJ | CL |\n"
	"| SHUTDOWN-COMPLETE | CL | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| ERROR | CL | CL | CL | CL | CL | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| ABORT | CL | RJ | CL | CL | CL | CL | CL | CL | CL | CL | CL | CL | CL | CL |\n"
	"| INPUT-ONLY | NO | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| data | ES | I1 | IN | CS | CR | ES | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| INIT | I1 | IN | IN | IN | IN | IN | CO | CE | ES | SS | SR | SA | IN | IN |\n"
	"| INIT-ACK | CE | CE | CE | CE | CE | CE | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| COOKIE-ECHO | ES | ES | ES | ES | ES | ES | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| COOKIE-ACK | ES | I1 | IN | ES | ES | CW | ES | ES | ES | SS | SR | SA | RJ | CL |\n"
	"| SHUTDOWN | SR | I1 | IN | CS | CR | CW | CO | CE | SR | SS | SR | SA | RJ | CL |\n"
	"| SHUTDOWN-ACK | CL | IN | IN | CS | CR | CW | CO | CE | CL | CL | SR | CL | RJ | CL |\n"
	"| SHUTDOWN-COMPLETE | CL | CL | CL | CL | CL | CW | CO | CE | ES | SS | CL | CL | RJ | CL |\n"
	"| ERROR | CL | I1 | IN | CS | CR | CW | CO | CE | ES | SS | SR | SA | RJ | CL |\n"
	"| ABORT | CL | CL | CL | CL | CL | RJ | CL | CL | CL | CL | CL | CL | CL | CL |\n";

/* clang-format on */

#endif
