/// Files as the kernel wrote them, shortened to what matters and what must be overlooked.
enum RecordedCgroups {
    /// `/proc/<pid>/cgroup` on a host with both hierarchies.
    static func hybridProc(_ id: String) -> String {
        """
        12:perf_event:/docker/\(id)
        11:pids:/docker/\(id)
        10:blkio:/docker/\(id)
        9:freezer:/docker/\(id)
        8:net_cls,net_prio:/docker/\(id)
        7:cpuset:/docker/\(id)
        6:devices:/docker/\(id)
        5:cpu,cpuacct:/docker/\(id)
        4:memory:/docker/\(id)
        1:name=systemd:/docker/\(id)
        0::/docker/\(id)

        """
    }

    static func versionOne(_ id: String) -> [String: String] {
        [
            "/cg/memory/docker/\(id)/memory.usage_in_bytes": "52428800\n",
            "/cg/memory/docker/\(id)/memory.stat": """
            cache 12165120
            rss 31219712
            inactive_file 4055040
            active_file 4055040
            hierarchical_memory_limit 536870912
            total_cache 12165120
            total_rss 31219712
            total_inactive_file 8110080
            total_active_file 4055040

            """,
            "/cg/cpu,cpuacct/docker/\(id)/cpuacct.usage": "3541902117\n",
            "/cg/pids/docker/\(id)/pids.current": "7\n",
            "/cg/blkio/docker/\(id)/blkio.throttle.io_service_bytes": """
            254:0 Read 4096
            254:0 Write 1048576
            254:0 Sync 1052672
            254:0 Async 0
            254:0 Discard 0
            254:0 Total 1052672
            7:0 Read 1024
            7:0 Write 0
            7:0 Total 1024
            Total 1053696

            """,
            "/proc/42/net/dev": network,
        ]
    }

    static func versionTwo(_ id: String) -> [String: String] {
        [
            "/cg/\(id)/memory.current": "52428800\n",
            "/cg/\(id)/memory.stat": """
            anon 31219712
            file 12165120
            kernel_stack 98304
            inactive_anon 31137792
            inactive_file 8110080
            active_file 4055040

            """,
            "/cg/\(id)/cpu.stat": """
            usage_usec 3541902
            user_usec 3000000
            system_usec 541902
            nr_periods 120
            nr_throttled 3
            throttled_usec 51234

            """,
            "/cg/\(id)/pids.current": "7\n",
            "/cg/\(id)/io.stat": """
            254:0 rbytes=4096 wbytes=1048576 rios=1 wios=8 dbytes=0 dios=0
            7:0 rbytes=1024 wbytes=0 rios=1 wios=0 dbytes=0 dios=0

            """,
            "/proc/42/net/dev": network,
        ]
    }

    /// `/proc/<pid>/net/dev`; the loopback is not the container's traffic. Wide numbers touch the colon.
    private static let network = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo:  999999     100    0    0    0     0          0         0   999999     100    0    0    0     0       0          0
          eth0: 1500000    1200    0    0    0     0          0         0    42000     900    0    0    0     0       0          0
         eth1:10           1    0    0    0     0          0         0       20       1    0    0    0     0       0          0

        """
}
