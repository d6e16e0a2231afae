import ContainerEngine
import Foundation
import Settings
import Testing

@testable import Supervisor

@Suite("Warnings of limits")
struct LimitWarningsTests {
    private func info(_ change: [String: Any] = [:]) throws -> EngineInfo {
        var wire: [String: Any] = [
            "CgroupVersion": "1", "MemoryLimit": true, "SwapLimit": true, "PidsLimit": true, "CpuCfsQuota": true,
        ]
        wire.merge(change) { _, new in new }
        return try JSONDecoder().decode(EngineInfo.self, from: JSONSerialization.data(withJSONObject: wire))
    }

    private func warnings(
        _ info: EngineInfo, _ change: (inout ContainerResources) -> Void = { _ in }
    ) -> [String] {
        var resources = ContainerResources()
        change(&resources)
        return LimitWarnings.of(info, resources, engine: "docker")
    }

    @Test func anEngineThatEnforcesAllIsSilent() throws {
        #expect(warnings(try info()) { $0.swapMb = 64 }.isEmpty)
    }

    @Test func bandwidthIsNobodysToLimit() throws {
        let said = warnings(try info()) { $0.networkMbit = 10 }
        #expect(said.count == 1 && said[0].contains("10 Mbit/s") && said[0].contains("network: none"))
    }

    @Test func swapIsOnlyMissedWhereItIsAskedFor() throws {
        let info = try info(["SwapLimit": false])
        #expect(warnings(info).isEmpty)
        #expect(warnings(info) { $0.swapMb = 64 }.first?.contains("swapaccount=1") == true)
    }

    @Test(arguments: [("MemoryLimit", "memory"), ("PidsLimit", "processes"), ("CpuCfsQuota", "CPU")])
    func whatTheHostDoesNotLimitIsTold(_ key: String, _ word: String) throws {
        let said = warnings(try info([key: false]))
        #expect(said.count == 1 && said[0].contains("does not limit \(word)"), "\(said)")
    }
}
