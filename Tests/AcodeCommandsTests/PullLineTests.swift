import Testing
import WorkerPool

@testable import AcodeCommands

@Suite("The line of a pull")
struct PullLineTests {
    private func line(_ bytes: Int64, _ total: Int64, width: Int, reference: String = "r.example/a/b:1") -> String {
        var summary = PullSummary()
        (summary.layers, summary.finishedLayers, summary.bytes, summary.totalBytes) = (5, 2, bytes, total)
        return PullLine(reference: reference, summary: summary, elapsed: 3).text(width: width)
    }

    @Test func itHasNumbersAndABar() {
        #expect(
            line(12 << 20, 24 << 20, width: 100)
                == "pulling r.example/a/b:1  [==========>         ]  50%  12MiB/24MiB  2/5 layers  3.0s")
        #expect(line(1 << 20, 1 << 20, width: 100).contains("[====================]  100%"))
        #expect(line(0, 0, width: 100) == "pulling r.example/a/b:1  2/5 layers  3.0s")
    }

    @Test(arguments: [20, 40, 60, 80, 120])
    func itFitsTheTerminal(width: Int) {
        let long = "registry.example.com:5000/" + String(repeating: "part/", count: 20) + "name:1"
        #expect(line(1 << 20, 3 << 20, width: width, reference: long).count <= width)
    }

    @Test func moreThanAllIsAll() { #expect(line(5, 3, width: 100).contains("100%")) }
}
