/// Tells file systems on which the locks and the shared memory of a write-ahead log don't work between hosts.
enum NetworkFileSystem {
    private static let types: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "ceph", "9p", "afs", "lustre", "gpfs", "gfs2", "ocfs2",
        "beegfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.cephfs", "fuse.gcsfuse",
    ]

    /// The type of the network file system that is mounted with this device number, `nil` when it is a local one or
    /// unknown. `mountInfo` is the text of /proc/self/mountinfo, see proc_pid_mountinfo(5).
    static func type(device: (major: UInt32, minor: UInt32), mountInfo: String) -> String? {
        for line in mountInfo.split(separator: "\n") {
            let halves = line.split(separator: " - ", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let fields = halves[0].split(separator: " ", maxSplits: 3)
            guard fields.count == 4, fields[2] == "\(device.major):\(device.minor)" else { continue }
            let type = String(halves[1].prefix { $0 != " " })
            return types.contains(type) ? type : nil
        }
        return nil
    }

    /// The two halves of a device number as the kernel packs them.
    static func device(_ number: UInt) -> (major: UInt32, minor: UInt32) {
        let major = (number >> 8) & 0xfff | (number >> 32) & 0xffff_f000
        let minor = number & 0xff | (number >> 12) & 0xffff_ff00
        return (UInt32(truncatingIfNeeded: major), UInt32(truncatingIfNeeded: minor))
    }
}
