import { testFixtures } from "../testing/expect_fixture.ts";
import { sillytavernChat } from "../testing/fixtures/chat_apps.ts";

testFixtures("sillytavern", sillytavernChat);
