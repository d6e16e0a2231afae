import Settings
import Testing

@Suite("Durations and sizes as text")
struct QuantityTests {
    @Test(
        "reads durations",
        arguments: [
            ("90s", 90_000), ("5m", 300_000), ("2h", 7_200_000), ("250ms", 250), ("1h30m", 5_400_000), ("30", 30_000),
            ("0.5", 500), ("1.5s", 1500), ("0", 0), ("1d", 86_400_000), ("3650d", 315_360_000_000),
        ])
    func durations(text: String, milliseconds: Int) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(
        "refuses what is no duration",
        arguments: [
            "", "s", "5 m", "-5s", "5M", "1m30", "5x", "1e3", "nan", "inf", ".", "3651d", "99999999999999999999s",
        ])
    func noDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "writes durations so that they read back",
        arguments: [0, 1, 250, 1000, 60_000, 90_000, 300_000, 3_600_000, 5_400_000, 86_400_000, 90_061_001])
    func writesDurations(milliseconds: Int) {
        #expect(DurationText.parse(DurationText.format(.milliseconds(milliseconds))) == .milliseconds(milliseconds))
    }

    @Test(
        "writes durations in the unit people use",
        arguments: [(300, "5m"), (7200, "2h"), (60, "60s"), (90, "90s"), (30, "30s")])
    func durationUnits(seconds: Int, text: String) { #expect(DurationText.format(.seconds(seconds)) == text) }

    @Test(
        "reads sizes, a bare number counting MiB",
        arguments: [
            ("512", 512 << 20), ("512MiB", 512 << 20), ("1GiB", 1 << 30), ("1.5g", 3 << 29), ("64k", 64 << 10),
            ("1 TiB", 1 << 40), ("7b", 7),
        ] as [(String, Int64)])
    func sizes(text: String, bytes: Int64) { #expect(SizeText.parse(text, unit: 1 << 20) == bytes) }

    @Test("refuses what is no size", arguments: ["", "MiB", "-1", "512MB", "1.5b", "1e9", "10PiB", "9999999999TiB"])
    func noSizes(text: String) { #expect(SizeText.parse(text, unit: 1 << 20) == nil) }

    @Test(
        "writes sizes so that they read back",
        arguments: [0, 1, 1023, 1024, 1536, 64 << 20, 1 << 30, 3 << 29, 1 << 40] as [Int64])
    func writesSizes(bytes: Int64) { #expect(SizeText.parse(SizeText.format(bytes), unit: 1) == bytes) }

    @Test(
        "finds the name that was meant",
        arguments: [
            ("imgae", "image"), ("memory_mb", "memoryMb"), ("memorymb", "memoryMb"), ("mountss", "mounts"),
            ("mount", "mounts"),
            ("MODE", "mode"), ("cuont", nil), ("zzzzzz", nil), ("", nil),
        ] as [(String, String?)])
    func names(written: String, meant: String?) {
        let known = ["image", "memoryMb", "mounts", "mode", "network"]
        #expect(NearestName.nearest(to: written, among: known) == meant)
    }
}
