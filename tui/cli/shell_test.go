package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shunt/model/testneed"
)

// laidOut makes an image with a root, /boot, /home and an EFI partition, and an fstab that also wants what is not there.
const laidOut = `mkdir -p r/etc r/boot r/home r/out b/efi h/anna e/EFI; echo root >r/file; echo kernel >b/vmlinuz; echo mail >h/anna/mail; echo efi >e/EFI/x; ln -s /etc r/evil
cat >r/etc/fstab <<F
UUID=11111111-1111-1111-1111-111111111111 / ext4 defaults,suid,exec 0 1
LABEL=boot /boot ext2 ro 0 2
/dev/vda3 /home ext2 defaults 0 2
/dev/sda4 /boot/efi vfat umask=0077 0 1
/dev/sda3 /../../tmp ext4 defaults 0 0
/etc /out none bind 0 0
F
truncate -s 41M disk; printf 'label: gpt\n2048,16M\n,8M\n,8M\n,8M,U\n' | sfdisk -q disk 2>/dev/null
mke2fs -q -t ext4 -U 11111111-1111-1111-1111-111111111111 -d r -E offset=1048576 disk 16M; mke2fs -q -t ext2 -L boot -d b -E offset=17825792 disk 8M
mke2fs -q -t ext2 -d h -E offset=26214400 disk 8M; mkfs.fat -F 12 --offset 67584 disk 7168 >/dev/null; MTOOLSRC=/dev/null mcopy -s -i disk@@33M e/EFI ::/
qemu-img convert -O qcow2 disk disk.qcow2; chmod 666 disk*
`

func shellNeeds(t *testing.T) {
	t.Helper()
	for _, name := range []string{"mke2fs", "mkfs.fat", "mcopy", "qemu-img", "sfdisk", "fuse2fs"} {
		testneed.Tool(t, name)
	}
	testneed.File(t, "/dev/fuse")
}

// shelled runs a script in a shell over an image.
func (p person) shelled(t *testing.T, script string, args ...string) outcome {
	t.Helper()
	cmd := p.program(t, append([]string{"shell"}, args...)...)
	cmd.Env = append(cmd.Env, "SHELL=/bin/sh")
	cmd.Stdin = strings.NewReader(script)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = writerOnly{&out}, writerOnly{&errs}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

type writerOnly struct{ io.Writer }

// TestShell opens shells over an image, as root and as an ordinary user.
func TestShell(t *testing.T) {
	t.Parallel()
	shellNeeds(t)
	for _, p := range people() {
		dir := p.dir(t)
		sh(t, dir, laidOut)
		disk := filepath.Join(dir, "disk")
		sum := digest(t, disk)
		for _, image := range []string{disk, disk + ".qcow2"} {
			got := p.shelled(t, "pwd; cat file boot/vmlinuz home/anna/mail boot/efi/EFI/x; echo x >new; echo x >boot/new; ls out; exit 3", image)
			words := strings.Fields(got.out)
			if len(words) != 5 || filepath.Base(words[0]) != filepath.Base(image) || strings.Join(words[1:], " ") != "root kernel mail efi" || got.code != 3 {
				t.Errorf("%s: %s: %+v", p.name, image, got)
			}
			wantIn(t, got.err, "/dev/sda3 is not mounted at /../../tmp: its directory leads upwards", "/etc is not mounted at /out: it is not a partition of this image")
			if strings.Count(strings.ToLower(got.err), "read-only file system") != 2 {
				t.Errorf("%s: it could be written: %s", p.name, got.err)
			}
		}
		if digest(t, disk) != sum {
			t.Errorf("%s: looking has changed the image", p.name)
		}
		got := p.shelled(t, "echo written >new; echo x >boot/new; umount home || umount -l home; (exec sleep 1000) & exit 0", "--rw", disk)
		if got.code != exitDone || !strings.Contains(strings.ToLower(got.err), "read-only file system") { // the fstab says ro of /boot
			t.Errorf("%s: %+v", p.name, got)
		}
		wantIn(t, p.run(t, "cat", disk, "1", "new").out, "written")
		sh(t, dir, "for at in 1048576 17825792 26214400; do e2fsck -fn \"disk?offset=$at\" >/dev/null 2>&1; done")
		if got := p.shelled(t, "true", "--rw", disk+".qcow2"); got.code != exitRefused || !strings.Contains(got.err, "make a raw image of it") {
			t.Errorf("%s: a qcow2 image for writing: %+v", p.name, got)
		}
		sh(t, dir, `rm -r disk*; truncate -s 20M disk; printf '2048,8M\n,8M\n' | sfdisk -q disk; mke2fs -q -t ext4 -d b -E offset=1048576 disk 8M; mke2fs -q -t ext4 -d h -E offset=9437184 disk 8M; chmod 666 disk`)
		if got := p.shelled(t, "cat p1/vmlinuz p2/anna/mail; ls; kill -9 $$", disk); got.code != 137 || got.out != "kernel\nmail\np1\np2\n" {
			t.Errorf("%s: without fstab: %+v", p.name, got)
		}
		sh(t, dir, "truncate -s 5M blank; chmod 666 blank")
		if got := p.shelled(t, "true", filepath.Join(dir, "blank")); got.code != exitRefused || got.out != "" {
			t.Errorf("%s: a blank image: %+v", p.name, got)
		}
	}
}

// TestShellKilled kills shunt while programs run in its shell. They end, and so do the locks.
func TestShellKilled(t *testing.T) {
	t.Parallel()
	shellNeeds(t)
	for _, p := range people() {
		dir := p.dir(t)
		sh(t, dir, laidOut+"mkfifo alive; chmod 666 alive")
		disk := filepath.Join(dir, "disk")
		cmd := p.program(t, "shell", "--rw", disk)
		cmd.Env = append(cmd.Env, "SHELL=/bin/sh")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(in, "exec 3>'"+dir+"/alive'; echo up >&3; setsid sleep 1000 & sleep 1000 & sleep 1000\n"); err != nil {
			t.Fatal(err)
		}
		alive, err := os.Open(filepath.Join(dir, "alive"))
		if err != nil {
			t.Fatal(err)
		}
		up := make([]byte, 3)
		if _, err := io.ReadFull(alive, up); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(alive); err != nil || len(rest) > 0 { // it ends when the last program has ended
			t.Errorf("%q, %v", rest, err)
		}
		_ = cmd.Wait()
		for tries := 0; ; tries++ {
			got := p.shelled(t, "cat file", "--rw", disk)
			if got.code == exitDone && got.out == "root\n" {
				break
			}
			if tries > 50 {
				t.Fatalf("%s: the image stays in use: %+v", p.name, got)
			}
		}
	}
}

// TestShellSubvolumes mounts two subvolumes of one file system.
func TestShellSubvolumes(t *testing.T) {
	t.Parallel()
	shellNeeds(t)
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	testneed.Tool(t, "mkfs.btrfs")
	dir := t.TempDir()
	sh(t, dir, `truncate -s 128M disk; mkfs.btrfs -q disk; mkdir at; mount -o loop disk at; trap 'umount at' EXIT
		btrfs -q subvolume create at/@; btrfs -q subvolume create at/@home; mkdir -p at/@/etc at/@/home; echo mail >at/@home/mail`)
	uuid := strings.TrimSpace(sh(t, dir, "blkid -p -s UUID -o value disk"))
	sh(t, dir, `mkdir -p at; mount -o loop disk at; trap 'umount at' EXIT; printf 'UUID=`+uuid+` / btrfs subvol=@ 0 0\nUUID=`+uuid+` /home btrfs subvol=@home 0 0\n' >at/@/etc/fstab
		truncate -s 130M gpt; printf '2048,,L\n' | sfdisk -q gpt`)
	sh(t, dir, "dd if=disk of=gpt bs=1M seek=1 conv=notrunc,sparse status=none")
	got := people()[0].shelled(t, "cat home/mail; wc -l <etc/fstab", filepath.Join(dir, "gpt"))
	if got.code != exitDone || got.out != "mail\n2\n" || got.err != "" {
		t.Errorf("%+v", got)
	}
}
