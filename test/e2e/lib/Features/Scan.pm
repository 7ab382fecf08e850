# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Scan;

# What looks into mail, or has others do so, and tells them who sent it.

use strict;
use warnings;
use Features;

# A configuration in which this condition of the DATA ACL, true, refuses the mail.
sub scanner { my ($condition, $main) = @_; return exim(main => "acl_smtp_data = data\n$main", acl => <<"END") }
data:
  deny   $condition
         message = found \$malware_name\$spam_score_int\$dcc_result
  accept
END

sub both {
  my ($e, $why) = @_;
  like('good client: accepted', message($e, GOOD), qr/\A250 /);
  like('bad client: refused', message($e, BAD), $why // qr/\A550 found /);
  return;
}

feature 'regex', ['support Content_Scanning'], sub {
  both(exim(main => "acl_smtp_data = data\n", acl => <<'END'), qr/\A550 found body/);
data:
  deny   regex = ${if eq{$sender_host_address}{198.51.100.77}{\N^(bo)dy$\N}{\N^nothing$\N}}
         message = found ${regex1}dy
  accept
END
  return;
};

feature 'mime', ['support Content_Scanning'], sub {
  my $e = exim(main => "acl_smtp_mime = mime\n", acl => <<'END');
mime:
  deny   condition = ${if eq{$mime_content_type}{application/x-test}}
         !hosts = 198.51.100.7
         message = $sender_host_address may not send $mime_content_type
  accept
END
  my %mail = (lines => ['MIME-Version: 1.0', 'Content-Type: application/x-test', '', 'body']);
  like('good client: accepted', message($e, GOOD, %mail), qr/\A250 /);
  is('bad client: refused', message($e, BAD, %mail), '550 198.51.100.77 may not send application/x-test');
  return;
};

feature 'malware-cmdline', ['support Content_Scanning', 'malware cmdline'], sub {
  both(scanner('malware = *', "av_scanner = \${if def:sender_host_address{cmdline:/bin/echo client \$sender_host_address is %s:\\N77 is\\N:\\Nclient (\\S+)\\N}}\n"),
    qr/\A550 found 198\.51\.100\.77/);
  return;
};

feature 'malware-sock', ['support Content_Scanning', 'malware sock'], sub {
  stub('sock', 'line', file('sock'));
  both(scanner('malware = *', 'av_scanner = ${if def:sender_host_address{sock:' . file('sock') . ':$sender_host_address scans %s' . '\n:BAD!:(\\\\S+) is}}' . "\n"),
    qr/\A550 found 198\.51\.100\.77/);
  return;
};

feature 'malware-clamd', ['support Content_Scanning', 'malware clamd'], sub {
  my $place = address(4) . ':' . port();
  stub('clamd', 'clamd', $place);
  both(scanner('malware = *', 'av_scanner = clamd:' . $place =~ tr/:/ /r . "\n"), qr/\A550 found Stub-Virus/);
  like('clamd has the client in Received:', got('clamd', qr/100\.77/), qr/^Received: from \[198\.51\.100\.77\]/m);
  return;
};

feature 'spamd', ['support Content_Scanning'], sub {
  my $place = address(4) . ':' . port();
  stub('spamd', 'spamd', $place);
  both(scanner('spam = nobody', 'spamd_address = ' . $place =~ tr/:/ /r . "\n"), qr/\A550 found 150/);
  check('spamd does not see the proxy', got('spamd', qr/100\.77/) !~ /\Q@{[address(1)]}\E/, got('spamd'));
  return;
};

feature 'rspamd', ['support Content_Scanning'], sub {
  my $place = address(4) . ':' . port();
  stub('rspamd', 'rspamd', $place);
  both(scanner('spam = nobody', 'spamd_address = ' . $place =~ tr/:/ /r . " variant=rspamd\n"), qr/\A550 found 150/);
  like('rspamd has the client', got('rspamd', qr/100\.77/), qr/^IP: 198\.51\.100\.77\r?$/m);
  return;
};

feature 'dcc', ['support Experimental_DCC'], sub {
  stub('dcc', 'dcc', file('dcc'));
  # in the test harness, Exim says of its own DCC code that it leaves a variable behind
  my $e = exim(panics => qr/^.* live variable 'dcc_header' destroyed by .*\n(?:- value '.*\n|'\n|\n)*/m, main => "acl_smtp_data = data\ndccifd_address = @{[file('dcc')]}\n", acl => <<'END');
data:
  deny   !dcc = *
         message = found $dcc_result
  accept logwrite = dcc of $sender_host_address: $dcc_result, $dcc_header
END
  both($e);
  like('dccifd has the client', got('dcc', qr/100\.77/), qr/^198\.51\.100\.77\b/m);
  like('the log: good', logged($e, qr/dcc of/), qr/dcc of 198\.51\.100\.7: A, X-DCC-stub-Metrics: /);
  like('the log: bad', logged($e, qr/rejected by DCC/), qr/H=\[198\.51\.100\.77\]/);
  return;
};

1;
