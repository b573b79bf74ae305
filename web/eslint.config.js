import vue from "eslint-plugin-vue";
import a11y from "eslint-plugin-vuejs-accessibility";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  ...vue.configs["flat/essential"],
  ...a11y.configs["flat/recommended"],
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".vue"],
        parser: tseslint.parser,
      },
    },
    rules: {
      // A strict policy for pages blocks what comes as text and becomes markup or code.
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "vue/no-v-html": "error",
      // A static style attribute is blocked by style-src 'self' (bound ones are set by script, which is allowed).
      "vue/no-static-inline-styles": "error",
      "vue/component-api-style": ["error", ["script-setup"]],
      "vue/block-lang": ["error", { script: { lang: "ts" } }],
      "vue/define-props-declaration": ["error", "type-based"],
      "vue/define-emits-declaration": ["error", "type-based"],
      "vue/no-unused-refs": "error",
      "vue/no-unused-properties": "error",
      "vue/require-typed-ref": "error",
      // Numbers in sentences are meant.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Type-checked files know their globals; the rule would only repeat the compiler.
      "no-undef": "off",
      // Labels that wrap or name their control by id are both fine.
      "vuejs-accessibility/label-has-for": ["error", { required: { some: ["nesting", "id"] } }],
    },
  },
  {
    files: ["eslint.config.js"],
    ...tseslint.configs.disableTypeChecked,
  },
);
