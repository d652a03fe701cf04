package app.avalo.gateway.config;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "app.avalo.gateway.config",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ImportRulesTest {
  private static final String ROOT = "app.avalo.gateway.config";

  @ArchTest
  static final ArchRule NO_RUNTIME =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.vertx..", "io.netty..", "java.util.concurrent..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.Thread")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.time.Clock")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.time.Instant")
          .because("everything here is a function of bytes");

  @ArchTest
  static final ArchRule THE_PLAN_DOES_NOT_KNOW_FILES =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".plan")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT + ".load", ROOT + ".bind", ROOT + ".yaml");

  @ArchTest
  static final ArchRule VALUES_KNOW_ONLY_UNITS =
      noClasses()
          .that()
          .resideInAPackage(ROOT)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT + ".plan", ROOT + ".load", ROOT + ".bind", ROOT + ".yaml");

  @ArchTest
  static final ArchRule UNITS_KNOW_NOTHING =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".unit")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages(ROOT + ".unit", "java..", "org.jspecify..");

  @ArchTest
  static final ArchRule THE_TREE_KNOWS_NO_GATEWAY =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".yaml")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT, ROOT + ".unit", ROOT + ".plan", ROOT + ".load", ROOT + ".bind");

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching(ROOT + ".(*)").should().beFreeOfCycles();
}
