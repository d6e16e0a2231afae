import Testing

@testable import TaskStore

@Suite("Network file systems")
struct NetworkFileSystemTests {
    private static let mounts = """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
        40 22 0:35 / /mnt/nfs rw,relatime - nfs4 server:/export rw,vers=4.2
        41 22 0:36 /sub /mnt/with\\040space rw shared:7 master:2 - fuse.sshfs me@there:/ rw
        42 22 0:37 / /dev/shm rw - tmpfs tmpfs rw
        a line that is not one
        """

    @Test(
        arguments: [
            (UInt32(254), UInt32(0), nil), (0, 35, "nfs4"), (0, 36, "fuse.sshfs"), (0, 37, nil), (0, 3, nil),
            (9, 9, nil),
        ] as [(UInt32, UInt32, String?)])
    func areFoundByTheirDevice(_ row: (major: UInt32, minor: UInt32, type: String?)) {
        #expect(NetworkFileSystem.type(device: (row.major, row.minor), mountInfo: Self.mounts) == row.type)
    }

    @Test(arguments: [
        (UInt(0xfe00), UInt32(254), UInt32(0)), (0x23, 0, 35), (0x1234_5001, 0x450, 0x12301),
        (0x5_0000_1000, 0x10, 0x50_0000),
    ])
    func deviceNumbersAreTakenApart(_ row: (number: UInt, major: UInt32, minor: UInt32)) {
        let device = NetworkFileSystem.device(row.number)
        #expect(device.major == row.major)
        #expect(device.minor == row.minor)
    }
}
