package fsys
import ("testing";"strings")
func TestDbg(t *testing.T){
 dir := tree(t, 12*mib)
 for _, c := range []extCase{
		{name: "ext4-4k", size: 300 * mib, options: "-t ext4 -b 4096"},
		{name: "ext4-1k", size: 150 * mib, options: "-t ext4 -b 1024"},
		{name: "ext4-many-inodes", size: 300 * mib, options: "-t ext4 -b 1024 -N 200000"},
		{name: "ext4-metabg", size: 200 * mib, options: "-t ext4 -b 1024 -O meta_bg,^resize_inode"},
		{name: "ext4-sparse2", size: 200 * mib, options: "-t ext4 -b 1024 -O sparse_super2"},
		{name: "ext4-noflex", size: 200 * mib, options: "-t ext4 -b 1024 -O ^flex_bg"},
		{name: "ext4-sparse2nr", size: 200 * mib, options: "-t ext4 -b 1024 -O sparse_super2,^resize_inode"},
		{name: "ext3", size: 150 * mib, options: "-t ext3 -b 1024"},
 }{
  path := c.build(t, dir)
  sb,_ := extSuper(path)
  out,_ := try(t,"resize2fs","-P",path)
  f := strings.Fields(out)
  t.Log(c.name, "P", f[len(f)-1], "ours", sb.MinSize()/sb.BlockSize, "groups", sb.Groups(), "itb", sb.ITableBlocks(), "desc", sb.DescBlocks(), sb.ReservedGDT, "used", sb.Used()/sb.BlockSize, "bpg", sb.BlocksPerGroup)
 }
}
