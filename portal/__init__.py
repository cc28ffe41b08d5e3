"""The portal: the shell around the apps, and portal.core, the kernel below them."""
